import * as React from 'react';

/** The functions that JSX becomes, by names that a minifier can shorten: those of another package's module it cannot. */
export const { createElement, Fragment } = React;
