// Imported first: packages look at these variables when they are loaded, and one of them does not know NO_COLOR. https://no-color.org
if (process.env.NO_COLOR) process.env.FORCE_COLOR = '0';
