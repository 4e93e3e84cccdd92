import { useRouter } from "@tanstack/react-router";
import { api, data } from "@/api/client";
import { enter } from "@/api/who";
import { Door } from "@/screens/sign-in/door";
import { OfLink } from "@/screens/sign-in/link";
import { NewPassword } from "@/screens/sign-in/new-password";

export default function Screen() {
  const router = useRouter();
  return (
    <Door title="Set up Helios" says="Make the first account: an admin's, who then lets others in.">
      <OfLink
        kind="setup"
        instead={
          <p>
            Start the server again and it prints another one; or run <code>helios users add EMAIL --role admin</code> on its machine. Once there is an account, there is nothing more to set up.
          </p>
        }
      >
        {(_, secret) => (
          <NewPassword
            action="Make the account and sign in"
            set={async (email, password) => {
              const state = await data(api.POST("/api/v1/auth/setup", { body: { secret, email, password } }));
              if (enter(state, "/")) router.history.replace("/");
            }}
          />
        )}
      </OfLink>
    </Door>
  );
}
