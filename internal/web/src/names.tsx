// Names come from outside: each is shown without characters that steer terminals or the direction of writing, in an element
// of its own, so that right-to-left ones change nothing around them.
import { useAround } from "./context";

const steering = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export const plain = (name: string): string => name.replace(steering, "\ufffd");

export const Name = ({ of }: { of: string }) => <bdi>{plain(of)}</bdi>;

export const channelName = (name: string | undefined, id: number): string => name || `#${id}`;

export function ChannelName({ id }: { id: number }) {
  const { names } = useAround();
  return <Name of={channelName(names.channels.get(id)?.name, id)} />;
}
