import { oneOf, text, whole } from "@/lib/search";

/** What the address of the connect screen says: where the streams are, which one was picked, and what is to become of it. */
export interface ConnectSearch {
  where?: "aws" | "endpoint";
  region?: string;
  profile?: string;
  role_arn?: string;
  endpoint?: string;
  /** What the names of the listed streams must have. */
  find?: string;
  stream?: string;
  table?: string;
  from?: string;
  event_time?: string;
  evolve?: "fixed";
  read?: "fan_out";
  retain?: string;
  retain_quarantine?: string;
  depth?: number;
  /** The source that was made: the first look at its table. */
  connected?: string;
}

export const connectSearch = (raw: Record<string, unknown>): ConnectSearch => {
  const s: ConnectSearch = {
    region: text(raw, "region"),
    profile: text(raw, "profile"),
    role_arn: text(raw, "role_arn"),
    endpoint: text(raw, "endpoint"),
    find: text(raw, "find"),
    stream: text(raw, "stream"),
    table: text(raw, "table"),
    from: text(raw, "from"),
    event_time: text(raw, "event_time"),
    evolve: oneOf(raw, "evolve", ["fixed"]),
    read: oneOf(raw, "read", ["fan_out"]),
    retain: text(raw, "retain"),
    retain_quarantine: text(raw, "retain_quarantine"),
    depth: whole(raw, "depth", 1, 20),
    connected: text(raw, "connected"),
  };
  const said = s.endpoint ? "endpoint" : s.region || s.profile || s.role_arn || s.stream ? "aws" : undefined;
  return { ...s, where: oneOf(raw, "where", ["aws", "endpoint"]) ?? said };
};

/** Where the streams are, as requests say it. */
export interface Connection {
  region?: string;
  profile?: string;
  role_arn?: string;
  endpoint?: string;
}

export function connectionOf(s: ConnectSearch): Connection {
  const c: Connection = {};
  if (s.region) c.region = s.region;
  if (s.where === "endpoint" && s.endpoint) c.endpoint = s.endpoint;
  if (s.where !== "endpoint" && s.profile) c.profile = s.profile;
  if (s.where !== "endpoint" && s.role_arn) c.role_arn = s.role_arn;
  return c;
}

/** The parts of the address that say where: what is left when another stream is to be picked. */
export function whereOf(s: ConnectSearch): ConnectSearch {
  return { where: s.where, region: s.region, profile: s.profile, role_arn: s.role_arn, endpoint: s.endpoint, find: s.find };
}
