import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { accountsChanged } from "@/accounts/queries";
import { api, data, problemOf } from "@/api/client";
import { heed } from "@/api/who";
import { stateQuery } from "@/lib/session";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { Card } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { lacking } from "./rule";

/** Changes one's own password. The browser's password manager is told whose it is. */
export function Password({ email }: { email: string }) {
  const least = useQuery(stateQuery).data?.min_password ?? 12;
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [looked, setLooked] = useState(false); // at the new one: what is wrong with it is said once it was left
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const lacks = lacking(next, current, least);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setLooked(true);
    if (lacks || !current) return;
    setBusy(true);
    setError(null);
    try {
      // The answer is who asks from now on: the same person, in a new session.
      heed(await data(api.POST("/api/v1/auth/password", { body: { current, new: next } })));
      setCurrent("");
      setNext("");
      setLooked(false);
      toast("The password is changed, and your other sessions have ended");
      await accountsChanged();
    } catch (e) {
      setError(problemOf(e));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="Password">
      <form className="space-y-3" onSubmit={(e) => void submit(e)}>
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <Field label="Current password">
          {(control) => <Input {...control} type="password" name="current" autoComplete="current-password" required value={current} onChange={(e) => setCurrent(e.target.value)} className="w-full" />}
        </Field>
        <Field label="New password" hint={`${least} characters or more: a few words are easy to remember.`} error={looked ? lacks : undefined}>
          {(control) => <Input {...control} type="password" name="new" autoComplete="new-password" required value={next} onChange={(e) => setNext(e.target.value)} onBlur={() => setLooked(next !== "")} className="w-full" />}
        </Field>
        {error !== null && <ProblemBox error={error} />}
        <Button type="submit" busy={busy}>
          Change the password
        </Button>
        <p className="text-xs text-faint">Your sessions elsewhere end with it. Your tokens stay.</p>
      </form>
    </Card>
  );
}
