/** The database takes no shorter one, and a shorter text is in too many others. https://docs.aws.amazon.com/documentdb/latest/developerguide/security.managing-users.html */
const SHORTEST_PASSWORD = 8;

/**
 * Whether a text holds the password in a form that programs write one in: in its own letters, escaped as in JSON, percent-encoded
 * once or twice, encoded as in a form, in base64 at any place of what is encoded (`Basic …` has the user before it), in hexadecimal.
 */
export const holdsPassword = (text: string, password: string): boolean => {
  const readings = readingsOf(text);
  if (password.length < SHORTEST_PASSWORD) return readings.includes(password);
  const plain = [password, JSON.stringify(password).slice(1, -1)];
  const coded = codedForms(password);
  const hex = Buffer.from(password).toString('hex');
  return readings.some(
    (reading) =>
      plain.some((form) => reading.includes(form)) ||
      coded.some((form) => asBase64(reading).includes(form)) ||
      reading.toLowerCase().includes(hex),
  );
};

const readingsOf = (text: string): string[] => {
  const decoded = percentDecoded(text);
  const asForm = percentDecoded(text.replaceAll('+', ' '));
  return [...new Set([text, decoded, percentDecoded(decoded), asForm, unescaped(text)])];
};

/** Each run of percent-encoded bytes by itself; bytes that are no UTF-8 hide nothing beside them. */
export const percentDecoded = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));

/** https://www.rfc-editor.org/rfc/rfc8259#section-7: any letter may be escaped, and some programs do it with more than they have to. */
const unescaped = (text: string): string =>
  text.replace(/\\u([0-9a-f]{4})|\\(["\\/])/gi, (_all, code: string | undefined, letter: string) =>
    code === undefined ? letter : String.fromCharCode(Number.parseInt(code, 16)),
  );

/** Both alphabets are one, and line breaks are none: https://www.rfc-editor.org/rfc/rfc4648#section-5 */
const asBase64 = (text: string): string => text.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/');

const codedForms = (password: string): string[] =>
  [password, encodeURIComponent(password.toWellFormed())].flatMap((form) =>
    [0, 1, 2].map((offset) => base64Core(Buffer.from(form), offset)),
  );

/** What base64 makes of these bytes alone, wherever they stand: a letter has six bits, so that those at both ends have others too. */
const base64Core = (bytes: Buffer, offset: number): string => {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const [first, last] = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)];
  return padded.toString('base64').slice(first, last);
};
