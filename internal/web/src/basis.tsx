// What figures were computed from, where that is not simply all there is.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useAround } from "./context";
import { Coverage } from "./gen/tvstats/v1/measurement_pb";

export function Basis(props: { of: { coverage: Coverage; dataFrom?: Timestamp; cutSeconds: bigint; hiddenRows?: bigint } }) {
  const { text, format } = useAround();
  const { coverage, dataFrom, cutSeconds, hiddenRows = 0n } = props.of;
  const words = text.audience;
  const notes = [
    coverage === Coverage.PROVISIONAL && words.provisional,
    coverage === Coverage.EXPIRED && (dataFrom ? words.expired(format.time(dataFrom)) : words.gone),
    cutSeconds > 0n && words.cut(format.hours(cutSeconds)),
    hiddenRows > 0n && words.hidden(format.number(hiddenRows)),
  ].filter(Boolean);
  return notes.length > 0 ? <p class="quiet">{notes.join(" ")}</p> : null;
}
