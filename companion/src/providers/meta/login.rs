//! Signing in with Facebook, whatever for.

use super::Data;
use crate::fetch::Call;
use crate::providers::{CodeGrant, Facebook, Failure, Grant, meta};
use crate::secrets::Secret;
use bowerbird_protocol::problem::ProblemCode;
use serde::Deserialize;

/// What the dialog asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asks {
    /// The permissions.
    pub scope: &'static str,
    /// Those without which there is no point in it.
    pub needed: &'static [&'static str],
}

impl Facebook {
    /// Exchanges a code for a person's token.
    pub(in crate::providers) async fn token_of(&self, grant: CodeGrant<'_>) -> Result<TokenAnswer, Failure> {
        let mut form = vec![
            ("client_id", self.app.client_id.as_str()),
            ("client_secret", self.app.client_secret.expose()),
            ("redirect_uri", grant.redirect_uri),
            ("code", grant.code),
        ];
        form.extend(grant.verifier.map(|verifier| ("code_verifier", verifier.expose())));
        self.token(&form).await
    }

    /// Asks for a token.
    pub(in crate::providers) async fn token(&self, form: &[(&str, &str)]) -> Result<TokenAnswer, Failure> {
        let call = Call { url: self.token_endpoint.clone(), bearer: None, form: Some(form) };
        meta::read(&self.fetcher.call(call).await?).map_err(meta::exchange_failure)
    }

    /// Exchanges a code, and checks that it opens what was asked for.
    pub(in crate::providers) async fn sign_in(&self, grant: CodeGrant<'_>) -> Result<Grant, Failure> {
        // A token that a server gets for a code lives about 60 days already; there is nothing to extend.
        let answer = self.token_of(grant).await?;
        let token = answer.access_token;
        let permissions: Data<Permission> = self.graph.get(&token, "me/permissions", &[]).await?;
        let granted = |name: &str| permissions.data.iter().any(|it| it.permission == name && it.status == "granted");
        if let Some(missing) = self.asks.needed.iter().find(|name| !granted(name)) {
            let cause = format!("{missing} is not among the granted permissions");
            return Err(Failure::tell(ProblemCode::PermissionDeclined, cause));
        }
        let me: Me = self.graph.get(&token, "me", &[("fields", "id,name")]).await?;
        Ok(Grant { token, expires_in: answer.expires_in, account_id: me.id, account_name: me.name })
    }
}

#[derive(Deserialize)]
pub(in crate::providers) struct TokenAnswer {
    pub access_token: Secret,
    pub expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Permission {
    permission: String,
    status: String,
}

#[derive(Deserialize)]
pub(in crate::providers) struct Me {
    #[serde(deserialize_with = "meta::id")]
    pub id: String,
    #[serde(default)]
    pub name: String,
}
