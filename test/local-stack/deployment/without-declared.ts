import { z } from 'zod';

const Template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Properties: z
        .looseObject({
          DefinitionSubstitutions: z.looseObject({ Declared: z.unknown().optional() }).optional(),
        })
        .optional(),
    }),
  ),
});

/** Leaves the strategy of each secret to its tags alone: the machine knows nothing of what the deployment says. */
export const withoutDeclared = (template: string): string => {
  const parsed = Template.parse(JSON.parse(template));
  for (const { Properties } of Object.values(parsed.Resources)) {
    const substitutions = Properties?.DefinitionSubstitutions;
    if (substitutions && 'Declared' in substitutions) substitutions.Declared = '[]';
  }
  return JSON.stringify(parsed);
};
