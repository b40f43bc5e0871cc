// Stored sortings and selections: what there is, what is in them, building and deleting.
import { useEffect, useState } from "preact/hooks";
import { useAround } from "../context";
import { Problem, Show, useLoad } from "../load";
import { Name, plain } from "../names";
import { change } from "../place";
import { Table, Widget } from "../widgets";
import { Build } from "./build";
import { build, type Draft, type Order, orderOf, removeOrder, storedOrders, storing, useCriterionNames, useKindNames } from "./order";
import { Remove, Places } from "./order_parts";

export function Orders() {
  const { params, clientId, text } = useAround();
  const [limit, setLimit] = useState(50);
  const list = useLoad((options) => storedOrders(clientId, limit, options), [clientId, limit]);
  const [draft, setDraft] = useState<Draft>();
  const shown = params.get("order");
  const show = (id: string) => change({ order: id });
  const built = (id: string) => {
    setDraft(undefined);
    list.again();
    show(id);
  };
  return (
    <div class="grid">
      {draft ? <Tried draft={draft} built={built} close={() => setDraft(undefined)} /> : shown && <Shown id={shown} />}
      <Widget wide title={text.orders.stored} explain={text.orders.storedExplain}>
        <Show of={list}>
          {(value) => (
            <>
              <OrderTable orders={value.orders} show={show} changed={list.again} />
              {value.more && (
                <button type="button" onClick={() => setLimit(limit * 2)}>
                  {text.more}
                </button>
              )}
            </>
          )}
        </Show>
      </Widget>
      <Build stored={list.value?.orders ?? []} built={built} tried={setDraft} />
    </div>
  );
}

function OrderTable(props: { orders: Order[]; show: (id: string) => void; changed: () => void }) {
  const { text, format, params } = useAround();
  const [removing, setRemoving] = useState<Order>();
  const [error, setError] = useState<unknown>();
  const kinds = useKindNames();
  const criteria = useCriterionNames();
  const nameOf = (order: Order) => plain(order.name) || criteria[order.criterion] || order.id;
  const remove = async (order: Order) => {
    setRemoving(undefined);
    setError(undefined);
    try {
      await removeOrder(order);
      if (params.get("order") === order.key) change({ order: "" });
      props.changed();
    } catch (problem) {
      setError(problem);
    }
  };
  const words = text.orders;
  return (
    <>
      {error !== undefined && <Problem error={error} />}
      {removing && <Remove name={nameOf(removing)} sure={() => remove(removing)} not={() => setRemoving(undefined)} />}
      <Table
        title={words.stored}
        rows={props.orders}
        rowKey={(order) => order.key}
        columns={[
          { label: words.kind, text: true, show: (order) => kinds[order.kind] },
          { label: words.orderName, text: true, show: (order) => <Name of={nameOf(order)} /> },
          { label: words.built, text: true, show: (order) => format.time(order.createdAt) },
          {
            label: words.action,
            text: true,
            show: (order) => (
              <span class="actions">
                <button type="button" onClick={() => props.show(order.key)} aria-label={words.showOf(nameOf(order))}>
                  {words.show}
                </button>
                <button type="button" onClick={() => setRemoving(order)} aria-label={words.removeOf(nameOf(order))}>
                  {words.remove}
                </button>
              </span>
            ),
          },
        ]}
      />
    </>
  );
}

function Shown({ id }: { id: string }) {
  const order = useLoad((options) => orderOf(id, options), [id]);
  useEffect(() => scrollTo(0, 0), [id]);
  return <Show of={order}>{(value) => value && <Places order={value} close={() => change({ order: "" })} />}</Show>;
}

// What another policy gives is for reading alone: it cannot be stored.
function Tried({ draft, built, close }: { draft: Draft; built: (key: string) => void; close: () => void }) {
  const { text } = useAround();
  const [error, setError] = useState<unknown>();
  useEffect(() => scrollTo(0, 0), [draft]);
  const store = async () => {
    setError(undefined);
    try {
      built((await build(storing(draft)))?.key ?? "");
    } catch (problem) {
      setError(problem);
    }
  };
  const button = !draft.request.value.policy && (
    <button type="button" class="main" onClick={store}>
      {text.orders.storeIt}
    </button>
  );
  return (
    <>
      {error !== undefined && <Problem error={error} />}
      <Places key={draft.order.createdAt} order={draft.order} request={draft.request} below={button} close={close} />
    </>
  );
}
