/** In place of the driver's encryption of fields, which asks for an optional package that no function has. */
export const Encrypter = {
  checkForMongoCrypt: (): never => {
    throw new Error('there is no encryption of fields in this bundle');
  },
};
