import { useState } from "react";
import { CircleCheck } from "lucide-react";
import { api } from "@/api/client";
import { Door } from "@/screens/sign-in/door";
import { OfLink } from "@/screens/sign-in/link";
import { NewPassword } from "@/screens/sign-in/new-password";
import { LinkButton } from "@/ui/button";

export default function Screen() {
  const [set, setSet] = useState(false);
  if (set) {
    return (
      <Door title="The password is set">
        <p role="status" className="flex gap-2.5 text-sm">
          <CircleCheck size={16} className="mt-0.5 shrink-0 text-good" aria-hidden />
          Your password is set: sign in with it.
        </p>
        <LinkButton kind="primary" to="/sign-in" className="w-full">
          Sign in
        </LinkButton>
      </Door>
    );
  }
  return (
    <Door title="Set your password">
      <OfLink kind="reset" instead={<p>Ask an admin of this server for a new one.</p>}>
        {({ email }, secret) => (
          <NewPassword
            email={email ?? ""}
            action="Set the password"
            set={async (_, password) => {
              await api.POST("/api/v1/auth/reset", { body: { secret, password } });
              setSet(true);
            }}
          />
        )}
      </OfLink>
    </Door>
  );
}
