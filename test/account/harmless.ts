const ARN = /arn:[a-z-]+:([a-z0-9-]+):[a-z0-9-]*:\d*:[^\s"',)]*/g;
const ACCOUNT = /\b\d{12}\b/g;
const HOST = /\b[a-z0-9.-]+\.docdb\.[a-z0-9.-]+\b/gi;
const ADDRESS = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g;

/** A text as it may be sent to strangers: what names an account, a resource or a machine is left out. */
export const harmlessText = (text: string): string =>
  text
    .replace(ARN, (_arn, service) => `(ARN of ${service})`)
    .replace(HOST, '(host)')
    .replace(ADDRESS, '(address)')
    .replace(ACCOUNT, '(account)');

/** The same for all texts in a value. */
export const harmless = <T>(value: T): T => {
  if (typeof value === 'string') return harmlessText(value) as T;
  if (Array.isArray(value)) return value.map(harmless) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, harmless(each)])) as T;
};
