// From where devices came to a channel, and to where they went.
import { audience } from "../api";
import { Basis } from "../basis";
import { useAround } from "../context";
import { filterOf } from "../filter";
import type { AudienceFlow } from "../gen/tvstats/v1/audience_pb";
import { Show, useLoad } from "../load";
import { channelName, Name } from "../names";
import { type Period, spanOf } from "../period";
import { barred, Figure } from "../widgets";

export function Flow({ channel, period }: { channel: number; period: Period }) {
  const { params, clientId, text } = useAround();
  const { devices, tariffs, modes } = filterOf(params); // by category viewers would seem to vanish between channels
  const filter = { devices, tariffs, modes };
  const flows = useLoad(
    (options) => audience.getAudienceFlow({ clientId, ...spanOf(period), filter, channelId: channel }, options),
    [clientId, channel, period.from, period.to, JSON.stringify(filter)],
  );
  const words = text.audience;
  return (
    <Show of={flows}>
      {(value) => (
        <>
          <Side
            title={words.cameFrom}
            explain={words.cameFromExplain}
            file="came_from"
            rows={value.flows.filter((flow) => flow.toChannelId === channel)}
            other={(flow) => flow.fromChannelId}
          />
          <Side
            title={words.wentTo}
            explain={words.wentToExplain}
            file="went_to"
            rows={value.flows.filter((flow) => flow.fromChannelId === channel)}
            other={(flow) => flow.toChannelId}
          />
          <Basis of={value} />
        </>
      )}
    </Show>
  );
}

function Side(props: { title: string; explain: string; file: string; rows: AudienceFlow[]; other: (flow: AudienceFlow) => number }) {
  const { text, format, names } = useAround();
  const name = (flow: AudienceFlow) => {
    const id = props.other(flow);
    return id === 0 ? text.audience.notWatching : channelName(names.channels.get(id)?.name, id);
  };
  const switches = { label: text.audience.switches, show: (flow: AudienceFlow) => format.number(flow.switches), cell: (flow: AudienceFlow) => flow.switches };
  return (
    <Figure
      title={props.title}
      explain={props.explain}
      file={props.file}
      rows={props.rows}
      rowKey={(flow) => String(props.other(flow))}
      columns={[
        { label: text.channel, text: true, show: (flow) => <Name of={name(flow)} />, cell: name },
        barred(switches, props.rows, (flow) => Number(flow.switches)),
        { label: text.accounts, show: (flow) => format.number(flow.accounts), cell: (flow) => flow.accounts },
      ]}
    />
  );
}
