/** In place of zod's translation of its schemas into JSON Schema, a sixth of it: functions parse, and describe nothing. */
const describesNothing = () => (): never => {
  throw new Error('there is no JSON Schema in this bundle');
};

/** A schema's `minLength` and its like ask this what it checks. */
export const aggregateChecks = describesNothing();
export const createToJSONSchemaMethod = describesNothing;
export const createStandardJSONSchemaMethod = describesNothing;
