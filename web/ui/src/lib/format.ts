// How numbers, sizes and times are written, everywhere the same.
const group = new Intl.NumberFormat("en-US", { maximumFractionDigits: 20 });
const rates = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** A number with thousands separators; those given as text keep every digit. */
export function number(value: number | bigint | string | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") {
    const digits = /^(-?)(\d+)(\.\d+)?$/.exec(value);
    return digits ? digits[1] + digits[2]!.replace(/\B(?=(\d{3})+$)/g, ",") + (digits[3] ?? "") : value;
  }
  return group.format(value);
}

/** A rate or another measured number, to three digits: 0.25, 1,230, 45.6 k. */
export function measured(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1e9) return rates.format(value / 1e9) + " G";
  if (Math.abs(value) >= 1e6) return rates.format(value / 1e6) + " M";
  if (Math.abs(value) >= 1e5) return rates.format(value / 1e3) + " k";
  if (Math.abs(value) >= 1000) return group.format(Math.round(value));
  return value !== 0 && Math.abs(value) < 0.01 ? "< 0.01" : rates.format(value);
}

/** A size in bytes with a decimal unit: 1.2 MB. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let n = value;
  let unit = 0;
  while (Math.abs(n) >= 999.5 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit === 0 ? group.format(n) : rates.format(n)} ${units[unit]}`;
}

/** A length of time given in milliseconds: 85 ms, 2.4 s, 3 min 5 s, 2 h 10 min, 4 d 3 h. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  if (ms < 1) return ms <= 0 ? "0 ms" : "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return join(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 86_400) return join(Math.floor(s / 3600), "h", Math.floor((s % 3600) / 60), "min");
  return join(Math.floor(s / 86_400), "d", Math.floor((s % 86_400) / 3600), "h");
}

function join(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;
}

/** How long ago a time was: just now, 12 s ago, in 3 h. */
export function ago(time: string | Date, now: number = Date.now()): string {
  const ms = now - new Date(time).getTime();
  if (!Number.isFinite(ms)) return "–";
  if (ms < 0) return ms > -1500 ? "just now" : `in ${coarse(-ms)}`;
  return ms < 1500 ? "just now" : `${coarse(ms)} ago`;
}

function coarse(ms: number): string {
  const s = ms / 1000;
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 129_600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

/** A time, exactly, in the person's time zone. */
export function exactTime(time: string | Date): string {
  const d = new Date(time);
  if (Number.isNaN(d.getTime())) return String(time);
  const pad = (n: number, width = 2) => String(n).padStart(width, "0");
  const zone = -d.getTimezoneOffset();
  const sign = zone < 0 ? "−" : "+";
  return (
    `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}` +
    `.${pad(d.getMilliseconds(), 3)} UTC${zone === 0 ? "" : `${sign}${pad(Math.floor(Math.abs(zone) / 60))}:${pad(Math.abs(zone) % 60)}`}`
  );
}

/** A share between 0 and 1 as a percentage that never says 0 % or 100 % of what is only nearly so. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return "–";
  if (share > 0 && share < 0.001) return "< 0.1 %";
  if (share < 1 && share > 0.999) return "> 99.9 %";
  return `${rates.format(share * 100)} %`;
}

/** 1 event, 2 events. */
export function plural(n: number, one: string, many = one + "s"): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}
