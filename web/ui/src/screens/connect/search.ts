import { text } from "@/lib/search";

/** What the address of the connect screen says: where the streams are, and which one was picked. */
export const connectSearch = (raw: Record<string, unknown>): { region?: string; profile?: string; role_arn?: string; endpoint?: string; stream?: string } => ({
  region: text(raw, "region"),
  profile: text(raw, "profile"),
  role_arn: text(raw, "role_arn"),
  endpoint: text(raw, "endpoint"),
  stream: text(raw, "stream"),
});
