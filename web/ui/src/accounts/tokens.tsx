// API tokens, as a list: one's own in the profile, everybody's in the settings.
import { Suspense, useState } from "react";
import { api } from "@/api/client";
import { exactTime } from "@/lib/format";
import { useNow } from "@/lib/time";
import { Button } from "@/ui/button";
import { Badge, Time } from "@/ui/layout";
import { toast } from "@/ui/toast";
import { Confirm } from "./confirm";
import { LimitText, limitOf } from "./limit";
import { accountsChanged, type Token } from "./queries";
import { Cell, Deeds, Head, Row, Rows } from "./rows";

const own = "@min-[40rem]:grid-cols-[minmax(0,1.6fr)_4rem_minmax(0,1fr)_5.5rem_5.5rem_4.5rem]";
const all = "@min-[40rem]:grid-cols-[minmax(0,1.4fr)_minmax(0,1.4fr)_4rem_minmax(0,1fr)_5.5rem_5.5rem_4.5rem]";

export function Tokens({ tokens, owners }: { tokens: readonly Token[]; owners?: boolean }) {
  const [revoking, setRevoking] = useState<Token | null>(null);
  const grid = owners ? all : own;
  return (
    <>
      <Rows label="API tokens" grid={grid} columns={["Name", ...(owners ? ["Owner"] : []), "Role", "Tables", "Expires", "Last used", ""]}>
        {tokens.map((t) => (
          <Row key={t.id} grid={grid}>
            <Head>
              <span className="font-medium break-words">{t.name}</span>
              <span className="block text-xs text-faint">
                <code>hls_…</code> made <Time at={t.created_at} />
              </span>
            </Head>
            {owners && <Cell label="Owner">{t.owner ?? <span className="text-muted">the server’s machine</span>}</Cell>}
            <Cell label="Role">{t.role}</Cell>
            <Cell label="Tables">
              {t.limited || !t.owner ? <LimitText limit={limitOf(t)} /> : <span className="text-muted">{owners ? "as its owner" : "as you"}</span>}
            </Cell>
            <Cell label="Expires">
              <Expiry at={t.expires_at} />
            </Cell>
            <Cell label="Last used">{t.last_used_at ? <Time at={t.last_used_at} /> : <span className="text-muted">never</span>}</Cell>
            <Deeds>
              <Button size="sm" aria-label={`Revoke ${t.name}`} onClick={() => setRevoking(t)}>
                Revoke
              </Button>
            </Deeds>
          </Row>
        ))}
      </Rows>
      <Suspense fallback={null}>
        {revoking && (
          <Confirm open onClose={() => setRevoking(null)} title={`Revoke the token ${revoking.name}`} action="Revoke it" run={() => revoke(revoking)}>
            <p>
              From now on Helios refuses every request that is made with it{revoking.owner && owners ? `, a token of ${revoking.owner}` : ""}. This cannot be undone; another token can be made.
            </p>
          </Confirm>
        )}
      </Suspense>
    </>
  );
}

async function revoke({ id, name }: Token) {
  await api.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } });
  toast(`${name} is revoked`);
  await accountsChanged();
}

function Expiry({ at }: { at: string | undefined }) {
  const now = useNow();
  if (!at) return <span className="text-muted">never</span>;
  if (Date.parse(at) > now) return <Time at={at} />;
  return (
    <Badge tone="warn" title={exactTime(at)}>
      expired
    </Badge>
  );
}
