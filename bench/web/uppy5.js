// The Uppy that works with Companion 6.2.2: what a page needs to pick photos from Facebook and have them sent somewhere.

import Uppy from '@uppy/core';
import Dashboard from '@uppy/dashboard';
import Facebook from '@uppy/facebook';
import XHRUpload from '@uppy/xhr-upload';
import '@uppy/core/css/style.min.css';
import '@uppy/dashboard/css/style.min.css';

// Nothing fades in: what is measured is when the list can be used.
export const make = (companionUrl, options) => new Uppy()
  .use(Dashboard, { animateOpenClose: false, ...options })
  .use(Facebook, { companionUrl })
  .use(XHRUpload, { endpoint: companionUrl });
