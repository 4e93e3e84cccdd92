import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { stateQuery } from "@/lib/session";
import { lacking } from "@/screens/profile/rule";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { PasswordInput } from "@/ui/password";
import { ProblemBox } from "@/ui/problem";

/** Asks for an e-mail, unless it is known whose password it is, and a new password. */
export function NewPassword({ email: known, action, set }: { email?: string; action: string; set: (email: string, password: string) => Promise<unknown> }) {
  const least = useQuery(stateQuery).data?.min_password ?? 12;
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [looked, setLooked] = useState(false); // what is wrong with it is said once it was left
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const lacks = lacking(password, "", least);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setLooked(true);
    if (lacks) return;
    setBusy(true);
    setError(null);
    try {
      await set(email, password);
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  return (
    <form className="space-y-4" onSubmit={(e) => void submit(e)}>
      <Field label="E-mail" hint={known ? undefined : "You sign in with it. Nothing is sent there."}>
        {(control) => <Input {...control} type="email" name="email" autoComplete="username" inputMode="email" autoFocus={!known} required readOnly={known !== undefined} value={email} onChange={(e) => setEmail(e.target.value)} className="w-full read-only:bg-sunken" />}
      </Field>
      <Field label="New password" hint={`${least} characters or more: a few words are easy to remember.`} error={looked ? lacks : undefined}>
        {(control) => (
          <PasswordInput {...control} name="password" autoComplete="new-password" autoFocus={known !== undefined} required value={password} onChange={(e) => setPassword(e.target.value)} onBlur={() => setLooked(password !== "")} />
        )}
      </Field>
      {error !== null && <ProblemBox error={error} />}
      <Button type="submit" kind="primary" busy={busy} className="w-full">
        {action}
      </Button>
    </form>
  );
}
