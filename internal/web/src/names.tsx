// Names come from outside: each stands in an element of its own, so that its direction of writing changes nothing around it.
import { useAround } from "./context";

export function ChannelName({ id }: { id: number }) {
  const { names } = useAround();
  return <bdi>{channelName(names.channels.get(id)?.name, id)}</bdi>;
}

export const channelName = (name: string | undefined, id: number): string => name || `#${id}`;
