import { z } from 'zod';

const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), DependsOn: z.union([z.string(), z.array(z.string())]).optional() }),
  ),
});

/** Takes the resources of some types out of a template, and what other resources wait for of them. */
export const withoutTypes = (template: string, types: readonly string[]): string => {
  const { Resources, ...rest } = Template.parse(JSON.parse(template));
  const kept = Object.entries(Resources).filter(([, { Type }]) => !types.includes(Type));
  const names = new Set(kept.map(([name]) => name));
  const resources = kept.map(([name, { DependsOn, ...resource }]) => {
    const remaining = [DependsOn ?? []].flat().filter((other) => names.has(other));
    return [name, { ...resource, ...(remaining.length > 0 ? { DependsOn: remaining } : {}) }];
  });
  return JSON.stringify({ ...rest, Resources: Object.fromEntries(resources) });
};
