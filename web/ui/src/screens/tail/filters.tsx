import { Plus, Search, X } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { tablesQuery } from "@/api/queries";
import { Button } from "@/ui/button";
import { Input, Select } from "@/ui/form";
import { conditionOf } from "./condition";
import { shardLabel } from "./shards";

interface Props {
  table: string | undefined;
  text: string;
  onText: (text: string) => void;
  filter: readonly string[];
  onAdd: (condition: string) => void;
  onRemove: (condition: string) => void;
  shards: readonly string[];
  shard: string;
  onShard: (shard: string) => void;
}

/** What the events must be like: a text and fields, which the server looks for, and a shard. */
export function Filters({ table, text, onText, filter, onAdd, onRemove, shards, shard, onShard }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <TextFilter text={text} onText={onText} />
      {shards.length > 1 && (
        <Select aria-label="Shard" value={shard} onChange={(e) => onShard(e.target.value)}>
          <option value="">All shards</option>
          {shards.map((s) => (
            <option key={s} value={s}>
              Shard {shardLabel(s)}
            </option>
          ))}
        </Select>
      )}
      <FieldFilter table={table} onAdd={onAdd} />
      {filter.map((f) => (
        <span key={f} className="inline-flex h-7 max-w-full items-center gap-1 rounded-full bg-accent-soft pr-1 pl-2.5 text-xs text-accent">
          <span className="truncate font-mono">{f}</span>
          <button type="button" aria-label={`Remove the filter ${f}`} onClick={() => onRemove(f)} className="grid size-5 place-items-center rounded-full hover:bg-hover">
            <X size={12} aria-hidden />
          </button>
        </span>
      ))}
    </div>
  );
}

function TextFilter({ text, onText }: { text: string; onText: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => onText(typed), 300);
    return () => clearTimeout(timer);
  }, [typed, text, onText]);
  return (
    <div className="relative min-w-40 flex-1 sm:w-60 sm:flex-none">
      <Search size={14} aria-hidden className="pointer-events-none absolute top-2.25 left-2.5 text-faint" />
      <Input type="search" aria-label="Text in the event" placeholder="Text in the event" spellCheck={false} maxLength={1000} value={typed} onChange={(e) => setTyped(e.target.value)} className="w-full pl-8" />
    </div>
  );
}

function FieldFilter({ table, onAdd }: { table: string | undefined; onAdd: (condition: string) => void }) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const tables = useQuery(tablesQuery);
  const columns = tables.data?.find((t) => t.name === table)?.columns ?? [];
  const paths = columns.flatMap((c) => (c.path?.length && c.path.every((p) => !p.includes(".")) ? [c.path.join(".")] : []));
  const condition = conditionOf(typed);
  const [wrong, setWrong] = useState(false);
  return (
    <>
      <form
        className="flex w-full min-w-0 gap-1.5 sm:w-auto"
        onSubmit={(e) => {
          e.preventDefault();
          setWrong(condition === null);
          if (condition === null) return;
          onAdd(condition);
          setTyped("");
        }}
      >
        <Input
          aria-label="Field and value"
          aria-describedby={`${id}-how`}
          aria-invalid={wrong}
          placeholder="field=value"
          list={`${id}-fields`}
          spellCheck={false}
          autoComplete="off"
          value={typed}
          onChange={(e) => {
            setTyped(e.target.value);
            setWrong(false);
          }}
          className="w-full min-w-0 font-mono text-xs sm:w-52"
        />
        <datalist id={`${id}-fields`}>
          {paths.map((p) => (
            <option key={p} value={`${p}=`} />
          ))}
        </datalist>
        <Button type="submit" icon={Plus}>
          Add
        </Button>
      </form>
      <p id={`${id}-how`} role={wrong ? "alert" : undefined} className={wrong ? "order-last basis-full text-xs text-warn" : "sr-only"}>
        Write field=value, as in event_type=purchase or product.id=1004: a filter finds events that have just this value. For anything else there is SQL.
      </p>
    </>
  );
}
