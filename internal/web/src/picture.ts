// A widget as a picture: its title, its chart with the names of the lines, or its table where it has no chart, in the colours
// of the page.
const margin = 16;
const lineHeight = 24;
const mostHeight = 8000; // of what is drawn below the title; browsers have no canvas of any size

interface Drawing {
  width: number;
  height: number;
  draw: (on: CanvasRenderingContext2D) => void;
}

export function pictureOf(widget: HTMLElement): Promise<Blob> {
  const title = widget.querySelector("h2")?.textContent ?? "";
  const chart = widget.querySelector<HTMLCanvasElement>(".chart canvas");
  const table = widget.querySelector("table");
  const content = chart ? chartOf(chart, widget) : table ? tableOf(table) : { width: 0, height: 0, draw: () => {} };
  const scale = chart ? chart.width / chart.clientWidth : devicePixelRatio;
  const canvas = document.createElement("canvas");
  const on = canvas.getContext("2d")!;
  const style = getComputedStyle(widget);
  const titleFont = `600 16px ${style.fontFamily}`;
  on.font = titleFont;
  const width = Math.max(content.width, on.measureText(title).width) + 2 * margin;
  canvas.width = width * scale;
  canvas.height = (content.height + lineHeight + 2 * margin) * scale;
  on.scale(scale, scale);
  on.fillStyle = style.backgroundColor;
  on.fillRect(0, 0, canvas.width, canvas.height);
  on.textBaseline = "middle";
  on.fillStyle = style.color;
  on.font = titleFont;
  on.fillText(title, margin, margin + lineHeight / 2);
  on.translate(margin, margin + lineHeight);
  content.draw(on);
  return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/png"));
}

// The lines' names are below the chart, as on the page.
function chartOf(chart: HTMLCanvasElement, widget: HTMLElement): Drawing {
  const names = [...widget.querySelectorAll(".u-series")].flatMap((line) => {
    const marker = line.querySelector(".u-marker");
    return marker ? [{ name: line.querySelector(".u-label")?.textContent ?? "", colour: getComputedStyle(marker).borderTopColor }] : [];
  });
  const { clientWidth, clientHeight } = chart;
  const { color, fontFamily } = getComputedStyle(widget);
  return {
    width: clientWidth,
    height: clientHeight + names.length * lineHeight,
    draw: (on) => {
      on.drawImage(chart, 0, 0, clientWidth, clientHeight);
      on.font = `13px ${fontFamily}`;
      names.forEach(({ name, colour }, i) => {
        const middle = clientHeight + (i + 0.5) * lineHeight;
        on.fillStyle = colour;
        on.fillRect(0, middle - 6, 12, 12);
        on.fillStyle = color;
        on.fillText(name, 20, middle);
      });
    },
  };
}

// Cells are where they are on the page, those out of sight too.
function tableOf(table: HTMLTableElement): Drawing {
  const scroll = table.parentElement!;
  const { scrollTop } = scroll;
  scroll.scrollTop = 0; // the head stays in sight, and would be drawn there
  const origin = table.getBoundingClientRect();
  const cells = [...table.querySelectorAll<HTMLElement>("th, td")].map((cell) => ({
    text: cell.innerText,
    style: shown(getComputedStyle(cell)),
    box: cell.getBoundingClientRect(),
  }));
  scroll.scrollTop = scrollTop;
  return {
    width: origin.width,
    height: Math.min(origin.height, mostHeight),
    draw: (on) => {
      for (const { text, style, box } of cells) {
        const [left, top] = [box.left - origin.left, box.top - origin.top];
        on.fillStyle = style.ground;
        on.fillRect(left, top, box.width, box.height);
        on.fillStyle = style.line;
        on.fillRect(left, top + box.height - 1, box.width, 1);
        on.fillStyle = style.colour;
        on.font = style.font;
        on.textAlign = style.align;
        const inset = { start: 6, center: box.width / 2, end: box.width - 6 }[style.align];
        on.fillText(text.replaceAll(/\s+/g, " ").trim(), left + inset, top + box.height / 2, box.width - 12);
      }
    },
  };
}

function shown(style: CSSStyleDeclaration) {
  const align = style.textAlign === "center" || style.textAlign === "start" ? style.textAlign : "end";
  return {
    ground: style.backgroundColor,
    line: style.borderBottomColor,
    colour: style.color,
    font: `${style.fontWeight} 13px ${style.fontFamily}`,
    align: align as "start" | "center" | "end",
  };
}
