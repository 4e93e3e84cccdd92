// Makes a token, and shows it, once.
import { useState } from "react";
import { LimitField, limitBody, limitOf, type Limit } from "@/accounts/limit";
import { accountsChanged } from "@/accounts/queries";
import { RoleField } from "@/accounts/role-field";
import { api, data, problemOf } from "@/api/client";
import { exactTime } from "@/lib/format";
import type { Me, Role } from "@/lib/session";
import { Button } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";

const lifetimes = [
  { days: 7, label: "in 7 days" },
  { days: 30, label: "in 30 days" },
  { days: 90, label: "in 90 days" },
  { days: 365, label: "in a year" },
  { days: 0, label: "never" },
] as const;

export default function NewToken({ me, onClose }: { me: Me; onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(me.role === "viewer" ? "viewer" : "analyst");
  const [limit, setLimit] = useState<Limit>(null);
  const [days, setDays] = useState(90);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<{ name: string; secret: string; expires_at?: string } | null>(null);
  if (made) return <Made token={made} onClose={onClose} />;

  const within = limitOf(me);
  const make = async () => {
    setBusy(true);
    setError(null);
    try {
      const expires_at = days > 0 ? new Date(Date.now() + days * 86_400_000).toISOString() : undefined;
      const { secret } = await data(api.POST("/api/v1/tokens", { body: { name: name.trim(), role, expires_at, ...(role !== "admin" && limitBody(limit)) } }));
      setMade({ name: name.trim(), secret, expires_at });
      await accountsChanged();
    } catch (e) {
      setError(problemOf(e));
    } finally {
      setBusy(false);
    }
  };
  const allowed = name.trim() !== "" && !busy;
  return (
    <Dialog
      open
      onClose={onClose}
      title="New API token"
      description="It acts for you, ends with your account, and may never do more than you."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="new-token" disabled={!allowed} busy={busy}>
            Make the token
          </Button>
        </>
      }
    >
      <form
        id="new-token"
        className="space-y-4"
        onSubmit={(e) => {
          e.preventDefault();
          if (allowed) void make();
        }}
      >
        <Field label="Name" hint="What it is for: the audit log shows it.">
          {(control) => <Input {...control} required maxLength={100} autoComplete="off" placeholder="nightly report" value={name} onChange={(e) => setName(e.target.value)} className="w-full" />}
        </Field>
        <RoleField role={role} most={me.role} onChange={setRole} />
        <LimitField role={role} limit={limit} within={within} onChange={setLimit} />
        <Field label="Expires" hint={days === 0 ? "A token that never expires works until somebody revokes it." : undefined}>
          {(control) => (
            <Select {...control} value={days} onChange={(e) => setDays(Number(e.target.value))} className="w-full">
              {lifetimes.map((l) => (
                <option key={l.days} value={l.days}>
                  {l.label}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {error !== null && <ProblemBox error={error} />}
      </form>
    </Dialog>
  );
}

function Made({ token, onClose }: { token: { name: string; secret: string; expires_at?: string }; onClose: () => void }) {
  return (
    <Dialog
      open
      firm
      onClose={onClose}
      title={`The token ${token.name}`}
      description="Copy it now: it is shown this once, and nobody can see it again."
      actions={
        <Button kind="primary" onClick={onClose}>
          I have it
        </Button>
      }
    >
      <div className="space-y-4 text-sm">
        <CodeBlock text={token.secret} label="Copy the token" wrap />
        <div className="space-y-1.5">
          <p className="text-muted">
            The <code>helios</code> command line reads it from the environment, and any other program sends it along:
          </p>
          <CodeBlock text={`export HELIOS_TOKEN=${token.secret}\ncurl -sS -H "Authorization: Bearer $HELIOS_TOKEN" ${location.origin}/api/v1/tables`} label="Copy the example for a shell" wrap />
        </div>
        <p className="text-xs text-faint">{token.expires_at ? `It works until ${exactTime(token.expires_at).slice(0, 16)}.` : "It works until it is revoked."} Programs that look for leaked secrets know it by its first letters, hls_.</p>
      </div>
    </Dialog>
  );
}
