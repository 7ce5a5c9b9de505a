/**
 * In place of whatwg-url, with the tables of tr46 for names in other scripts: Node has both built in. The driver parses a connection
 * string with it, in which it has put a placeholder for the host.
 */
const { URL, URLSearchParams } = globalThis;

export { URL, URLSearchParams };
