/** What a terminal sends to draw is left out, and of a line that was drawn again only its last state stays. */
const drawn = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .split('\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is controlled by
    .map((line) => line.split(/\x1b\[1G\x1b\[0K|\x1b\[2K/).at(-1) ?? '')
    .join('\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    .replaceAll(/\x1b\[[?\d;]*[A-Za-z]/g, '');

/** Each thing that differs from run to run, replaced by one of the same length: the layout is what is looked at. */
const DIFFERS: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, () => '00000000-0000-0000-0000-000000000000'],
  [/\b[0-9a-f]{32}\b/g, () => '0'.repeat(32)],
  [/\d{8}T\d{6}Z-[0-9a-f]{4}/g, () => '20260101T000000Z-0000'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, () => '2026-01-01T00:00:00.000Z'],
  [/\d{4}-\d\d-\d\d \d\d:\d\dZ/g, () => '2026-01-01 00:00Z'],
  [/\b20\d\d-\d\d-\d\d(?![T\d])/g, () => '2026-01-01'],
  [/\b\d{1,2}\.\d s\b/g, () => '0.0 s'],
  [/"seconds": [\d.]+/g, () => '"seconds": 0'],
  [/\b\d min\b/g, () => '0 min'],
  [/(?<=Workflow)[0-9A-F]{8}-[0-9A-F]+/g, () => '00000000-0000000000000'],
  [/(?<=127\.0\.0\.1:)\d+/g, (found) => '0'.repeat(found.length)],
];

/** What a command has written, without what differs from run to run. */
export const settledText = (text: string, names: readonly string[] = []): string => {
  const settled = DIFFERS.reduce((left, [pattern, by]) => left.replaceAll(pattern, by), drawn(text));
  // The six characters at the end of a secret's ARN.
  return names.reduce(
    (left, name) =>
      left.replaceAll(new RegExp(`(?<=${name.replace('/', '[/-]')}-)[A-Za-z0-9]{6}\\b`, 'g'), 'AbCdEf'),
    settled,
  );
};
