//! What the operator set.

use serde_json::Value;
use switchhook_guest::aio::Call;
use switchhook_guest::{Failure, code, config};

use crate::dialect::{Deepgram, Dialect, ElevenLabs, Gemini, OpenAi, Tool, Wanted};
use crate::tools;

pub(crate) struct Settings {
    pub(crate) url: String,
    pub(crate) dialect: Box<dyn Dialect>,
    /// Where tools that are not of this plugin are asked for.
    pub(crate) tool_url: Option<String>,
    pub(crate) ring_time_s: u64,
}

impl Settings {
    /// # Errors
    /// `INVALID`: a dialect that is not known, or tools that are no JSON.
    pub(crate) fn read(call: &Call) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new(code::INVALID, message);
        let name = config::get("dialect").unwrap_or_else(|| "openai".to_owned());
        let (model, url) = match name.as_str() {
            "openai" => ("gpt-realtime", "wss://api.openai.com/v1/realtime?model={model}"),
            "gemini" => (
                "gemini-2.5-flash-native-audio-preview-09-2025",
                "wss://generativelanguage.googleapis.com/ws/\
                 google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
            ),
            "elevenlabs" => ("", "wss://api.elevenlabs.io/v1/convai/conversation?agent_id={model}"),
            "deepgram" => ("gpt-4o-mini", "wss://agent.deepgram.com/v1/agent/converse"),
            other => return Err(invalid(format!("no dialect is called {other:?}"))),
        };
        let model = config::get("model").unwrap_or_else(|| model.to_owned());
        let url = config::get("url").unwrap_or_else(|| url.to_owned()).replace("{model}", &model);
        let tool_url = config::get("tool_url");
        let further = config::get("tools").map_or(Ok(Vec::new()), |text| further_tools(&text)).map_err(invalid)?;
        if tool_url.is_none() && !further.is_empty() {
            return Err(invalid("`tools` need a `tool_url` to be asked for".to_owned()));
        }
        let wanted = Wanted {
            model,
            voice: config::get("voice"),
            instructions: config::get("instructions").unwrap_or_default(),
            greeting: config::get("greeting"),
            tools: tools::own().into_iter().chain(further).collect(),
            sample_rate_hz: call.sample_rate_hz(),
        };
        let dialect: Box<dyn Dialect> = match name.as_str() {
            "gemini" => Box::new(Gemini::new(wanted)),
            "elevenlabs" => Box::new(ElevenLabs::new(wanted)),
            "deepgram" => Box::new(Deepgram::new(wanted)),
            _ => Box::new(OpenAi::new(wanted)),
        };
        let ring_time_s = config::parse("ring_time_s").unwrap_or(20);
        Ok(Self { url, dialect, tool_url, ring_time_s })
    }
}

/// `[{"name": "...", "description": "...", "parameters": {...}}]`
fn further_tools(text: &str) -> Result<Vec<Tool>, String> {
    let list: Value = serde_json::from_str(text).map_err(|error| format!("`tools` are no JSON: {error}"))?;
    let tool = |tool: &Value| {
        Some(Tool {
            name: tool["name"].as_str()?.to_owned(),
            description: tool["description"].as_str().unwrap_or_default().to_owned(),
            parameters: tool["parameters"].as_object()?.clone().into(),
        })
    };
    let tools = list.as_array().and_then(|list| list.iter().map(tool).collect::<Option<Vec<_>>>());
    tools.ok_or_else(|| "each of `tools` needs a `name` and an object `parameters`".to_owned())
}
