// Asking the service: again when what is asked for changes, again after a while, never two answers in the wrong order.
import type { ComponentChildren } from "preact";
import type { CallOptions } from "@connectrpc/connect";
import { useCallback, useEffect, useState } from "preact/hooks";
import { explain, needsToken } from "./api";
import { useAround } from "./context";

// Is told when a call was refused for want of a token.
export const refused = new EventTarget();

// value is undefined as long as nothing has come; what may be missing is null.
export interface Loaded<T> {
  value?: T;
  error?: unknown;
  again: () => void;
}

// What calls are made with that nobody waits for any more once end was called or the page was left. Browsers go on with the calls of a
// page that they keep for the way back: its queries would run on, and have the few connections to the service.
export function untilLeft(): { options: CallOptions; end: () => void } {
  const calls = new AbortController();
  const end = () => {
    removeEventListener("pagehide", end);
    calls.abort();
  };
  addEventListener("pagehide", end);
  return { options: { signal: calls.signal }, end };
}

export function useLoad<T>(ask: (options: CallOptions) => Promise<T>, keys: unknown[], everySeconds = 0): Loaded<T> {
  const [state, setState] = useState<{ value?: T; error?: unknown }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => setState({}), keys);
  useEffect(() => {
    const { options, end } = untilLeft();
    ask(options).then(
      (value) => !options.signal?.aborted && setState({ value }),
      (error: unknown) => {
        if (options.signal?.aborted) return;
        if (needsToken(error)) refused.dispatchEvent(new Event("refused"));
        setState((before) => ({ ...before, error })); // what was there before is still worth reading
      },
    );
    const timer = everySeconds > 0 ? setTimeout(() => setTurn(turn + 1), everySeconds * 1000) : 0;
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [...keys, turn]);
  const again = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(() => {
    const back = (event: PageTransitionEvent) => event.persisted && again();
    addEventListener("pageshow", back);
    return () => removeEventListener("pageshow", back);
  }, [again]);
  return { ...state, again };
}

export function Show<T>(props: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  const { text } = useAround();
  const { value, error, again } = props.of;
  return (
    <>
      {error !== undefined && <Problem error={error} again={again} />}
      {value !== undefined ? props.children(value) : error === undefined && <p class="quiet loading">{text.loading}</p>}
    </>
  );
}

export function Problem(props: { error: unknown; again?: () => void }) {
  const { text } = useAround();
  return (
    <div class="problem" role="alert">
      <p>
        {text.failed}: {explain(props.error)}
      </p>
      {props.again && (
        <button type="button" onClick={props.again}>
          {text.again}
        </button>
      )}
    </div>
  );
}
