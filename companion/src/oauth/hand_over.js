(() => {
  const { attempt, code, origin, back, lost } = JSON.parse(document.getElementById('handover').textContent);
  // The page that began the sign-in is the opener, or it is reached through an address of its own origin, which only a page of
  // that origin can have listed.
  const away = () => {
    if (back) return location.replace(back + '#bowerbird=' + attempt + '.' + code);
    if (!code) return;
    navigator.sendBeacon(lost, attempt + '.' + code);
    document.body.className = 'is-lost';
  };
  if (!code) {
    close();
    return setTimeout(away, 500);
  }
  if (!opener || !origin) return away();
  const patience = setTimeout(away, 3000);
  addEventListener('message', event => {
    if (event.source !== opener || event.origin !== origin || event.data?.bowerbird?.received !== attempt) return;
    clearTimeout(patience);
    close();
  });
  opener.postMessage({ bowerbird: { attempt, code } }, origin);
})();
