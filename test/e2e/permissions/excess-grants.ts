import type { PermissionsTemplate } from './template-grants.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/** A template that permits more, and what was done to it. */
export type ExcessGrant = readonly [what: string, template: PermissionsTemplate];

/** One copy of the template for each way in which one statement of one policy can be made to permit more. */
export const excessGrants = (template: PermissionsTemplate): ExcessGrant[] =>
  Object.keys(template.Resources)
    .filter((id) => POLICIES.test(template.Resources[id]?.Type ?? ''))
    .flatMap((id) => widerResources(id, template.Resources[id]?.Properties as JsonObject))
    .map(({ id, what, properties }) => {
      const resource = { Type: template.Resources[id]?.Type ?? '', Properties: properties };
      return [`${id}: ${what}`, { Resources: { ...template.Resources, [id]: resource } }];
    });

/** What permits something. */
export const POLICIES = /^AWS::(IAM::(Policy|Role)|Lambda::Permission|SNS::TopicPolicy)$/;

interface WiderResource {
  readonly id: string;
  readonly what: string;
  readonly properties: JsonObject;
}

/** Every statement in it, wherever it is; a permission of a function is one itself. */
const widerResources = (id: string, properties: JsonObject): WiderResource[] => {
  const found: WiderResource[] = [];
  const visit = (node: Json, rebuild: (changed: Json[]) => JsonObject): void => {
    if (node === null || typeof node !== 'object') return;
    if (!Array.isArray(node) && typeof node.Action !== 'undefined') {
      for (const [what, changed] of widerStatements(node))
        found.push({ id, what, properties: rebuild(changed) });
    }
    for (const [key, child] of Object.entries(node)) {
      visit(child, (changed) => rebuild([replaced(node, key, changed)]));
    }
  };
  visit(properties, ([changed]) => (changed ?? {}) as JsonObject);
  return found;
};

/** A list takes what stands for its element, even nothing; a key takes the one that there is. */
const replaced = (node: Json[] | JsonObject, key: string, changed: Json[]): Json => {
  if (Array.isArray(node)) return node.toSpliced(Number(key), 1, ...changed);
  return { ...node, [key]: changed[0] ?? null };
};

/** What may stand in a statement's place so that more is permitted: one wider, or, for a denial, none. */
const widerStatements = (statement: JsonObject): [what: string, instead: Json[]][] => {
  const { Action, Resource, Condition, Effect, Principal, SourceAccount, SourceArn } = statement;
  if (Effect === 'Deny') return [[`the denial of ${Action} is gone`, []]];
  const without = (key: string): JsonObject =>
    Object.fromEntries(Object.entries(statement).filter(([name]) => name !== key));
  const wider: [what: string, instead: Json[]][] = [];
  const add = (what: string, instead: JsonObject) => wider.push([what, [instead]]);
  const actions = (Array.isArray(Action) ? Action : [Action]).map(String);
  for (const service of new Set(actions.map((action) => action.split(':')[0])))
    add(`${actions} is ${service}:*`, { ...statement, Action: `${service}:*` });
  if (Resource !== undefined && Resource !== '*') add(`${actions} is on *`, { ...statement, Resource: '*' });
  if (Condition !== undefined) add(`${actions} has no condition`, without('Condition'));
  if (Principal !== undefined) add(`${actions} is for everybody`, { ...statement, Principal: '*' });
  if (SourceAccount !== undefined) add(`${actions} is for every account`, without('SourceAccount'));
  if (SourceArn !== undefined) add(`${actions} is for every rule`, without('SourceArn'));
  return wider;
};
