// `bowerbird/react`: what `filestack-react` has, by the same names. On a server it draws the place and loads nothing.
import { Children, cloneElement, createElement, useEffect, useId, useRef } from 'react';
import { keyOf, mount } from './mount.js';

export * as client from './bowerbird.mjs';

const component = (displayMode, style) => props => {
  const own = useRef(null);
  const id = useId();
  const last = useRef(props);
  // Before the next effect, which may already call it.
  useEffect(() => { last.current = props; });
  const child = props.children && Children.only(props.children);
  const place = child?.props.id ?? id;
  useEffect(() => mount(displayMode, style && (own.current ?? document.getElementById(place)), () => last.current), [keyOf(props), place]);
  if (child) return cloneElement(child, { id: place });
  return style ? createElement('div', { ref: own, style }) : null;
};

export const PickerOverlay = component('overlay');
export const PickerInline = component('inline', { height: '500px' });
export const PickerDropPane = component('dropPane', {});
