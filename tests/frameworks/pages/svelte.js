// A page in Svelte. It is told what to show by `show(kind, props)`, and shows nothing until then.
import { mount } from 'svelte';
import Page from './Page.svelte';

mount(Page, { target: document.body });
