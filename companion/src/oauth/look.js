const here = new URL(location);
here.hash = '';
here.searchParams.set('window', 'opener');
location.replace(opener ? here : document.getElementById('code').href);
