import * as React from 'react';

/** What JSX is made of, by names that a minifier can shorten: those of another package's module it cannot. */
export const { createElement, Fragment } = React;
