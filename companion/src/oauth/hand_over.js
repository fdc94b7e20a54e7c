(() => {
  const { attempt, code, origin, back, lost } = JSON.parse(document.getElementById('handover').textContent);
  // The page that began the sign-in is the opener, or it is reached through an address of its own origin, which only a page of
  // that origin can have listed. Without a code it hears that all is over, and confirms that too.
  const away = () => {
    if (back) return location.replace(back + '#bowerbird=' + attempt + '.' + code);
    if (!code) return close();
    navigator.sendBeacon(lost, attempt + '.' + code);
    document.body.className = 'is-lost';
  };
  if (!opener || !origin) return away();
  const patience = setTimeout(away, 3000);
  addEventListener('message', event => {
    if (event.source !== opener || event.origin !== origin || event.data?.bowerbird?.received !== attempt) return;
    clearTimeout(patience);
    close();
  });
  opener.postMessage({ bowerbird: { attempt, code } }, origin);
})();
