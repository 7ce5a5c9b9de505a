/** An element's content: text, elements by their names, or elements one after the other. */
export type Xml = string | readonly Xml[] | { readonly [name: string]: Xml };

export const xml = (content: Xml): string => {
  if (typeof content === 'string') return escaped(content);
  if (Array.isArray(content)) return content.map(xml).join('');
  return Object.entries(content)
    .map(([name, inner]) => `<${name}>${xml(inner)}</${name}>`)
    .join('');
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
