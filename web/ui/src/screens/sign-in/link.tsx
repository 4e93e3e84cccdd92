// What the pages of one-time links have in common: the secret after the #, and what is said of a link that is of no use.
import { useQuery } from "@tanstack/react-query";
import { useRouter, useRouterState } from "@tanstack/react-router";
import { Unlink } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { api, data, problemOf, type Schemas } from "@/api/client";
import { LinkButton } from "@/ui/button";
import { Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";

/** The secret of a link: it is in the address, and in the browser's history, no longer than it takes to read it. */
function useSecret(): string {
  const router = useRouter();
  const { hash, pathname } = useRouterState({ select: (s) => s.location });
  const [secret, setSecret] = useState(hash);
  useEffect(() => {
    if (!hash) return;
    setSecret(hash);
    router.history.replace(pathname);
  }, [hash, pathname, router]);
  return secret;
}

/** What a link is for, once the server has looked at it; else why it is of no use, and `instead`, what to do about that. */
export function OfLink({ kind, instead, children }: { kind: "setup" | "reset"; instead: ReactNode; children: (link: Schemas["LinkTold"], secret: string) => ReactNode }) {
  const secret = useSecret();
  const link = useQuery({
    queryKey: ["link", kind, secret],
    queryFn: () => data(api.POST("/api/v1/auth/link", { body: { kind, secret } })),
    enabled: secret !== "",
    staleTime: Infinity,
    gcTime: 0,
  });
  if (link.data) return children(link.data, secret);
  const useless = !secret ? "This address is only the beginning of a link: what follows the # is missing." : problemOf(link.error).status === 404 ? "This link is of no use any more: it was used, or it has expired, or a newer one was made." : undefined;
  if (useless) {
    return (
      <>
        <div role="alert" className="flex gap-2.5 text-sm">
          <Unlink size={16} className="mt-0.5 shrink-0 text-bad" aria-hidden />
          <div className="space-y-2">
            <p>{useless}</p>
            <div className="text-muted">{instead}</div>
          </div>
        </div>
        <LinkButton to="/sign-in" className="w-full">
          Sign in instead
        </LinkButton>
      </>
    );
  }
  return link.error ? <ProblemBox error={link.error} retry={() => void link.refetch()} /> : <Skeleton lines={4} />;
}
