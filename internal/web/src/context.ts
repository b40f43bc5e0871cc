// What every part of a page knows: language, client, names.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Names, noNames } from "./api";
import { Format } from "./format";
import { en, type Text } from "./text.en";
import { ru } from "./text.ru";

export const languages: Record<string, Text> = { en, ru };

export const languageOf = (chosen: string | null): string => {
  const wanted = chosen ?? navigator.language.slice(0, 2);
  return wanted in languages ? wanted : "en";
};

export interface Surroundings {
  text: Text;
  format: Format;
  params: URLSearchParams;
  clientId: number;
  zone: string; // of the client's clock
  names: Names;
}

export const Around = createContext<Surroundings>({
  text: en,
  format: new Format("en"),
  params: new URLSearchParams(),
  clientId: 0,
  zone: "UTC",
  names: noNames,
});

export const useAround = (): Surroundings => useContext(Around);
