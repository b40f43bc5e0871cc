// A line as high as its greatest value, for the eye alone: figures stand beside it.
export function Spark({ values }: { values: number[] }) {
  if (values.length < 2) return null;
  const greatest = Math.max(...values);
  const points = values.map((value, i) => `${(i / (values.length - 1)) * 100},${greatest > 0 ? 19 - (value / greatest) * 18 : 19}`);
  return (
    <svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(" ")} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
