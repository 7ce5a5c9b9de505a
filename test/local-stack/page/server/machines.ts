import { readDefinition, type State } from '../../../../statemachine/definition.ts';
import { pictureOf, titleOf } from '../../../../statemachine/picture.ts';
import { MACHINES, type MachineName, type MachineView, type StateView } from '../model.ts';

type WithResource = State & { readonly Resource?: string };

/** The placeholders of the definitions: `${SetSecretFunctionArn}`, or `${InvokeFunction}` for one that is chosen at run time. */
const FUNCTION = /^\$\{(\w+FunctionArn|InvokeFunction)\}$/;

const viewOf = (state: WithResource): StateView => ({
  type: state.Type,
  comment: state.Comment ?? '',
  hasFunction: FUNCTION.test(state.Resource ?? ''),
});

const machineOf = async (name: MachineName): Promise<MachineView> => {
  const definition = readDefinition(name);
  const states = Object.entries(definition.States).map(([state, value]) => [state, viewOf(value)]);
  return { name, svg: await pictureOf(definition, titleOf(name)), states: Object.fromEntries(states) };
};

/** The machines, drawn from their definitions as in the documents. */
export const machineViews = (): Promise<MachineView[]> => Promise.all(MACHINES.map(machineOf));
