const isWellFormed = (language: string): boolean => {
  try {
    return Intl.getCanonicalLocales(language).length > 0;
  } catch {
    return false;
  }
};

// A Chromium has its language from its environment, where it may be none ("C"): uPlot throws as it is loaded.
if (!isWellFormed(navigator.language)) Object.defineProperty(navigator, 'language', { value: 'en' });
