/** In place of zod's translation of its schemas into JSON Schema, a sixth of it: functions parse, and describe nothing. */
const describesNothing = () => (): never => {
  throw new Error('there is no JSON Schema in this bundle');
};

export const createToJSONSchemaMethod = describesNothing;
export const createStandardJSONSchemaMethod = describesNothing;
