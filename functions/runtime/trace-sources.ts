import { readFileSync } from 'node:fs';
import { SourceMap, type SourceOrigin } from 'node:module';
import { fileURLToPath } from 'node:url';

/*
 * Has traces name the lines of the sources, by the map beside the bundle; each handler imports it. Node.js does it by itself if told
 * (`--enable-source-maps`), and then measures each line of what it loads, a fifth of the CPU of a start; here the map is read for the
 * first trace. https://nodejs.org/docs/latest-v24.x/api/module.html#sourcemapfindoriginlinenumber-columnnumber
 */

const BUNDLE = import.meta.url;

const readMap = (): SourceMap | 'none' => {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(BUNDLE)}.map`, 'utf8')));
  } catch {
    // A trace then names places in the bundle: that is better than no trace.
    return 'none';
  }
};

let map: SourceMap | 'none' | undefined;

/** @returns as `functions/set-secret/set-secret.ts:1:2`; of a package only the file is right */
const originOf = (line: number, column: number): string | undefined => {
  map ??= readMap();
  const origin: Partial<SourceOrigin> = map === 'none' ? {} : map.findOrigin(line, column);
  const file = origin.fileName?.replace(/^(\.\.\/)+/, '');
  return file && `${file}:${origin.lineNumber}:${origin.columnNumber}`;
};

const traced = (site: NodeJS.CallSite): string => {
  const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
  if (site.getFileName() !== BUNDLE || line === null || column === null) return String(site);
  return String(site).replace(
    `${BUNDLE}:${line}:${column}`,
    (inBundle) => originOf(line, column) ?? inBundle,
  );
};

Error.prepareStackTrace = (error, sites) =>
  [Error.prototype.toString.call(error), ...sites.map((site) => `    at ${traced(site)}`)].join('\n');
