// Where the console is: page, client, language and what a page has chosen stand in the address after #, so that a view can
// be sent to somebody. A token never does.
import { useEffect, useState } from "preact/hooks";

export interface Place {
  page: string;
  params: URLSearchParams;
}

function here(): Place {
  const [page = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { page, params: new URLSearchParams(query) };
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const move = () => setPlace(here());
    addEventListener("hashchange", move);
    return () => removeEventListener("hashchange", move);
  }, []);
  return place;
}

// The address of a page, with the parameters that hold everywhere.
export function addressOf(page: string, params: URLSearchParams, more: Record<string, string> = {}): string {
  const kept = new URLSearchParams();
  for (const name of ["client", "lang"]) {
    const value = params.get(name);
    if (value) kept.set(name, value);
  }
  for (const [name, value] of Object.entries(more)) kept.set(name, value);
  return `#/${page}${kept.size ? `?${kept}` : ""}`;
}

// The key of a table that a parameter names, or another one where it names none. What every object inherits is no key of it.
export const keyOf = <T extends object>(table: T, name: string | null, otherwise: keyof T & string): keyof T & string =>
  name !== null && Object.hasOwn(table, name) ? (name as keyof T & string) : otherwise;

// Changes parameters of the place; empty ones are taken out.
export function change(values: Record<string, string>): void {
  const { page, params } = here();
  for (const [name, value] of Object.entries(values)) value ? params.set(name, value) : params.delete(name);
  location.hash = `/${page}${params.size ? `?${params}` : ""}`;
}
