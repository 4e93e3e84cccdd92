import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, CircleUserRound, LogOut, UserRound } from "lucide-react";
import { api, data, problemOf } from "@/api/client";
import { leave } from "@/api/who";
import { useSession } from "@/lib/session";
import { Menu } from "@/ui/menu";
import { toast } from "@/ui/toast";

/** Who is signed in, and what they can do about it. Nobody, where the house is open. */
export function Person() {
  const navigate = useNavigate();
  const { me } = useSession();
  if (!me || me.kind === "open") return null;
  return (
    <Menu
      align="start"
      items={[
        { label: "Profile", icon: UserRound, run: () => void navigate({ to: "/profile" }) },
        { label: "Sign out", icon: LogOut, run: () => void signOut() },
      ]}
    >
      <button type="button" aria-label={`${me.name}, ${me.role}`} className="flex w-full min-w-0 items-center gap-2.5 rounded-md px-2 py-1.5 text-left hover:bg-hover">
        <CircleUserRound size={18} className="shrink-0 text-muted" aria-hidden />
        <span className="min-w-0 flex-1 leading-tight">
          <span className="block truncate text-sm" title={me.name}>
            {me.name}
          </span>
          <span className="block truncate text-xs text-faint">
            {me.role}
            {me.limited && ", some tables"}
          </span>
        </span>
        <ChevronsUpDown size={13} className="shrink-0 text-faint" aria-hidden />
      </button>
    </Menu>
  );
}

/** Ends the session here and at the provider, and leaves nothing of it in the browser's tabs. */
export async function signOut() {
  try {
    leave((await data(api.POST("/api/v1/auth/sign-out"))).continue_at);
  } catch (error) {
    toast(problemOf(error).message, "bad");
  }
}
