// The console: the frame around the pages.
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { allClients, namesOf, noNames, token } from "./api";
import { Around, languageOf, languages } from "./context";
import { Format } from "./format";
import type { Client } from "./gen/tvstats/v1/catalog_pb";
import { refused, Show, useLoad } from "./load";
import { plain } from "./names";
import { AudiencePage } from "./pages/audience";
import { Now } from "./pages/now";
import { Operation } from "./pages/operation";
import { Orders } from "./pages/orders";
import { Programmes } from "./pages/programmes";
import { Subscribers } from "./pages/subscribers";
import { addressOf, change, keyOf, type Place, usePlace } from "./place";
import type { Text } from "./text.en";
import "./style.css";

const pages = { now: Now, subscribers: Subscribers, audience: AudiencePage, programmes: Programmes, orders: Orders, operation: Operation };

type PageName = keyof typeof pages;

function Console() {
  const place = usePlace();
  const language = languageOf(place.params.get("lang"));
  const text = languages[language] ?? languages["en"]!;
  const format = useMemo(() => new Format(language), [language]);
  const [asked, setAsked] = useState(false);
  const [turn, setTurn] = useState(0);
  const page = keyOf(pages, place.page, "now");
  useEffect(() => {
    const ask = () => setAsked(true);
    refused.addEventListener("refused", ask);
    return () => refused.removeEventListener("refused", ask);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${text.pages[page]} · ${text.title}`;
  }, [language, page]);
  const around = { text, format, params: place.params, clientId: 0, zone: "UTC", names: noNames };
  const use = (value: string) => {
    token.set(value);
    setAsked(value === "");
    setTurn(turn + 1);
  };
  return (
    <Around.Provider value={around}>
      <a class="skip" href="#content" onClick={skip}>
        {text.skip}
      </a>
      <Header place={place} page={page} text={text} language={language} forget={() => use("")} />
      <main id="content" tabIndex={-1}>
        <h1>{text.pages[page]}</h1>
        {asked ? <TokenForm text={text} use={use} /> : <Clients key={turn} place={place} page={page} />}
      </main>
    </Around.Provider>
  );
}

// The part after # is the place, so that this link must not change it.
function skip(event: Event) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function Header(props: { place: Place; page: PageName; text: Text; language: string; forget: () => void }) {
  const { text, place } = props;
  return (
    <header>
      <span class="brand">{text.title}</span>
      <nav aria-label={text.navigation}>
        {Object.keys(pages).map((name) => (
          <a key={name} href={addressOf(name, place.params)} aria-current={name === props.page ? "page" : undefined}>
            {text.pages[name as PageName]}
          </a>
        ))}
      </nav>
      <label>
        <span class="unseen">{text.language}</span>
        <select value={props.language} onChange={(event) => change({ lang: event.currentTarget.value })}>
          {Object.entries(languages).map(([code, language]) => (
            <option key={code} value={code} lang={code}>
              {language.name}
            </option>
          ))}
        </select>
      </label>
      {token.get() && (
        <button type="button" onClick={props.forget}>
          {text.token.forget}
        </button>
      )}
    </header>
  );
}

function TokenForm({ text, use }: { text: Text; use: (value: string) => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    use(String(new FormData(event.currentTarget as HTMLFormElement).get("token")).trim());
  };
  return (
    <section class="widget token">
      <h2>{text.token.title}</h2>
      <p>{text.token.explain}</p>
      <form class="fields" onSubmit={submit}>
        <label>
          {text.token.label}
          <input name="token" type="password" required autocomplete="off" />
        </label>
        <button class="main">{text.token.use}</button>
      </form>
    </section>
  );
}

function Clients({ place, page }: { place: Place; page: PageName }) {
  const clients = useLoad(allClients, []);
  return <Show of={clients}>{(list) => <OfClient clients={list} place={place} page={page} />}</Show>;
}

function OfClient({ clients, place, page }: { clients: Client[]; place: Place; page: PageName }) {
  const language = languageOf(place.params.get("lang"));
  const text = languages[language] ?? languages["en"]!;
  const chosen = Number(place.params.get("client"));
  const client = clients.find((one) => one.clientId === chosen) ?? clients[0];
  if (!client) return <p>{text.noClients}</p>;
  return (
    <>
      <form class="choice" onSubmit={(event) => event.preventDefault()}>
        <label>
          {text.client}{" "}
          <select value={client.clientId} onChange={(event) => change({ client: event.currentTarget.value, ...ofOneClient })}>
            {clients.map((one) => (
              <option key={one.clientId} value={one.clientId}>
                {one.name ? `${plain(one.name)} (${one.clientId})` : one.clientId}
              </option>
            ))}
          </select>
        </label>
      </form>
      <Page key={client.clientId} client={client} place={place} page={page} language={language} text={text} />
    </>
  );
}

// What a page has chosen of one client means nothing of another.
const ofOneClient = { find: "", order: "", channel: "", programme: "", tariff: "", category: "" };

function Page(props: { client: Client; place: Place; page: PageName; language: string; text: Text }) {
  const { place, language, text } = props;
  const { clientId, timeZone } = props.client;
  const names = useLoad((options) => namesOf(clientId, options), [clientId]);
  const format = useMemo(() => new Format(language), [language]);
  const Content = pages[props.page];
  return (
    <Show of={names}>
      {(value) => (
        <Around.Provider value={{ text, format, params: place.params, clientId, zone: timeZone || "UTC", names: value }}>
          <Content />
        </Around.Provider>
      )}
    </Show>
  );
}

render(<Console />, document.body);
