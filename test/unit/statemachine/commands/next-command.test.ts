import { expect, it } from 'vitest';
import { nextCommand } from '../../../../statemachine/commands/context.ts';

const of = (stack: object, aws: object = {}, program = ['docdb-rotation']) =>
  nextCommand({ stack: { stack: 'docdb-rotation', ...stack }, aws, program }, 'explain', 'my/app');

it.each([
  [of({}), 'docdb-rotation explain my/app'],
  [of({ stack: 'mine', rotation: 'Two' }), 'docdb-rotation explain my/app --stack mine --rotation Two'],
  [
    of({}, { profile: 'work', region: 'eu-central-1' }),
    'docdb-rotation explain my/app --profile work --region eu-central-1',
  ],
  [of({}, {}, ['npx', 'docdb-rotation']), 'npx docdb-rotation explain my/app'],
  [of({}, { profile: 'my $(work)' }), "docdb-rotation explain my/app --profile 'my $(work)'"],
])('a command to go on with is for the same stack, in the same account: %s', (command, expected) => {
  expect(command).toBe(expected);
});
