import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useRef, useState, type ComponentProps, type FormEvent } from "react";
import { api, data } from "@/api/client";
import { stateQuery, type SignInState } from "@/lib/session";
import { Anchor, Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { PasswordInput } from "@/ui/password";
import { ProblemBox } from "@/ui/problem";

/** Signs somebody in: with a password, or at the provider if there is one. */
export function SignInForm({ email: known = "", returnTo, done }: { email?: string; returnTo: string; done: (state: SignInState) => void }) {
  const { data: state } = useQuery(stateQuery);
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const typed = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(null);
    try {
      done(await data(api.POST("/api/v1/auth/sign-in", { body: { email, password } })));
    } catch (error) {
      setError(error);
      setBusy(false);
      typed.current?.select(); // the next try takes its place
    }
  };
  const provider = state?.oidc;
  return (
    <>
      <form className="space-y-4" onSubmit={(e) => void submit(e)}>
        <Field label="E-mail">
          {(control) => <Input {...control} type="email" name="email" autoComplete="username" inputMode="email" autoFocus={!known} required value={email} onChange={(e) => setEmail(e.target.value)} className="w-full" />}
        </Field>
        <Field label="Password">
          {(control) => <PasswordInput {...control} ref={typed} name="password" autoComplete="current-password" autoFocus={known !== ""} required value={password} onChange={(e) => setPassword(e.target.value)} />}
        </Field>
        {error !== null && <ProblemBox error={error} />}
        <Button type="submit" kind="primary" busy={busy} className="w-full">
          Sign in
        </Button>
      </form>
      {provider && (
        <>
          <div className="flex items-center gap-3 text-xs text-faint" aria-hidden>
            <span className="h-px flex-1 bg-line" />
            or
            <span className="h-px flex-1 bg-line" />
          </div>
          <AtProvider name={provider.name} returnTo={returnTo} />
        </>
      )}
    </>
  );
}

/** Signs somebody in at the provider, from where they come back to `returnTo`. */
export function AtProvider({ name, returnTo, kind }: { name: string; returnTo: string } & Pick<ComponentProps<typeof Anchor>, "kind">) {
  return (
    <Anchor icon={KeyRound} className="w-full" href={`/api/v1/auth/oidc/start?return_to=${encodeURIComponent(returnTo)}`} kind={kind}>
      Sign in with {name}
    </Anchor>
  );
}
